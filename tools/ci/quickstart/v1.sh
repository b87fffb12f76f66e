CSRF_TOKEN=$(curl -s -c cookies.txt -b cookies.txt "http://localhost:8080/csrf_token" | jq -r '.csrf_token')
curl -s -c cookies.txt -b cookies.txt -X POST -H "Content-Type: application/json" -H "X-Requested-With: XMLHttpRequest" -H "X-CSRF-Token: $CSRF_TOKEN" \
  -d '{"username": "admin", "password": "password"}' "http://localhost:8080/api/v1/signin"        # {"success":true}
curl -s -b cookies.txt "http://localhost:8080/api/v1/user/"                                        # the user, "username":"admin"
